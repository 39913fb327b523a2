build/obj/t/unit/test_content.o: t/unit/test_content.c src/smtp/content.h
src/smtp/content.h:
