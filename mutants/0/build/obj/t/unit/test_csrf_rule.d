build/obj/t/unit/test_csrf_rule.o: t/unit/test_csrf_rule.c \
 src/web/shared/csrf_rule.c src/web/shared/csrf_rule.h
src/web/shared/csrf_rule.c:
src/web/shared/csrf_rule.h:
