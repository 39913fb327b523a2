build/obj/src/queue/state.o: src/queue/state.c src/queue/state.h
src/queue/state.h:
