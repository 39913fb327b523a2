build/obj/t/unit/test_transaction.o: t/unit/test_transaction.c \
 t/unit/dialogue.h t/unit/fill.h
t/unit/dialogue.h:
t/unit/fill.h:
