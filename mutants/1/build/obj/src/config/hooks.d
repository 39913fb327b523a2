build/obj/src/config/hooks.o: src/config/hooks.c src/config/hooks.h \
 src/config/scrub.h
src/config/hooks.h:
src/config/scrub.h:
