build/obj/src/record/log_throttle.o: src/record/log_throttle.c \
 src/record/log_throttle.h src/base/mono.h
src/record/log_throttle.h:
src/base/mono.h:
