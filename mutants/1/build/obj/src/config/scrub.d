build/obj/src/config/scrub.o: src/config/scrub.c src/config/scrub.h
src/config/scrub.h:
