build/obj/src/smtp/send_buffer.o: src/smtp/send_buffer.c \
 src/smtp/send_buffer.h
src/smtp/send_buffer.h:
