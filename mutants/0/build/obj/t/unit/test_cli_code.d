build/obj/t/unit/test_cli_code.o: t/unit/test_cli_code.c \
 src/cli/cli_code.c src/cli/cli.h src/base/json.h src/base/text.h
src/cli/cli_code.c:
src/cli/cli.h:
src/base/json.h:
src/base/text.h:
