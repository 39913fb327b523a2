build/obj/t/unit/test_session.o: t/unit/test_session.c t/unit/dialogue.h \
 t/unit/fill.h
t/unit/dialogue.h:
t/unit/fill.h:
