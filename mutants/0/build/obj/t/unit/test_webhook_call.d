build/obj/t/unit/test_webhook_call.o: t/unit/test_webhook_call.c \
 src/record/webhook_call.h
src/record/webhook_call.h:
