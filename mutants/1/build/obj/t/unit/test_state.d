build/obj/t/unit/test_state.o: t/unit/test_state.c src/queue/recipient.h \
 src/queue/state.h
src/queue/recipient.h:
src/queue/state.h:
