build/obj/src/smtp/advice_log.o: src/smtp/advice_log.c src/smtp/advice.h
src/smtp/advice.h:
