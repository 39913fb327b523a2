build/obj/t/unit/test_advice.o: t/unit/test_advice.c src/smtp/advice.h
src/smtp/advice.h:
