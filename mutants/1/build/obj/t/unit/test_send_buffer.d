build/obj/t/unit/test_send_buffer.o: t/unit/test_send_buffer.c \
 t/unit/fill.h src/smtp/send_buffer.h
t/unit/fill.h:
src/smtp/send_buffer.h:
