build/obj/t/unit/test_log_throttle.o: t/unit/test_log_throttle.c \
 src/record/log_throttle.h src/base/mono.h
src/record/log_throttle.h:
src/base/mono.h:
