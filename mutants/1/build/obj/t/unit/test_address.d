build/obj/t/unit/test_address.o: t/unit/test_address.c src/mail/address.h
src/mail/address.h:
