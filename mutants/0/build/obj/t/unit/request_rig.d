build/obj/t/unit/request_rig.o: t/unit/request_rig.c t/unit/request_rig.h \
 src/wire/request.h src/base/json.h
t/unit/request_rig.h:
src/wire/request.h:
src/base/json.h:
