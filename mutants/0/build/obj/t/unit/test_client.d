build/obj/t/unit/test_client.o: t/unit/test_client.c t/unit/dialogue.h
t/unit/dialogue.h:
