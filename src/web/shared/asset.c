/* asset.c: the pages' style sheet, script and icon. The build turns the files in assets/ into
 * string literals. */
#include "web/shared/asset.h"

#include <stddef.h>
#include <string.h>

static const char style[] =
#include "assets/style.css.inc"
    ;

static const char script[] =
#include "assets/page.js.inc"
    ;

static const char icon[] =
#include "assets/icon.svg.inc"
    ;

static const ss_asset_t assets[] = { { "style.css", "text/css; charset=utf-8", style },
                                     { "page.js", "text/javascript; charset=utf-8", script },
                                     { "icon.svg", "image/svg+xml", icon } };

const ss_asset_t *ss_asset_find(const char *name)
{
    for (size_t i = 0; i < sizeof(assets) / sizeof(assets[0]); i++) {
        if (!strcmp(assets[i].name, name)) return &assets[i];
    }
    return NULL;
}
