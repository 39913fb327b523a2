build/obj/t/unit/test_request.o: t/unit/test_request.c \
 t/unit/request_rig.h src/wire/request.h src/base/json.h
t/unit/request_rig.h:
src/wire/request.h:
src/base/json.h:
