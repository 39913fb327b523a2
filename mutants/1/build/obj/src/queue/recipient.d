build/obj/src/queue/recipient.o: src/queue/recipient.c \
 src/queue/recipient.h src/queue/state.h
src/queue/recipient.h:
src/queue/state.h:
