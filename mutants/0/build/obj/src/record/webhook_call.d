build/obj/src/record/webhook_call.o: src/record/webhook_call.c \
 src/record/webhook_call.h src/base/clock.h src/base/mono.h
src/record/webhook_call.h:
src/base/clock.h:
src/base/mono.h:
