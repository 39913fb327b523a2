build/obj/src/smtp/advice_table.o: src/smtp/advice_table.c \
 src/smtp/advice.h
src/smtp/advice.h:
