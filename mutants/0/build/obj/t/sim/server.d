build/obj/t/sim/server.o: t/sim/server.c t/sim/server.h src/base/buf.h \
 t/sim/random.h src/smtp/reply.h src/smtp/cmd.h
t/sim/server.h:
src/base/buf.h:
t/sim/random.h:
src/smtp/reply.h:
src/smtp/cmd.h:
