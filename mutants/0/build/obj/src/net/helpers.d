build/obj/src/net/helpers.o: src/net/helpers.c src/net/helpers.h
src/net/helpers.h:
