/* One role by itself. The build links each with its own rooms only (meson.build), so that a call into
 * a room that the role has no business in is a link error. Not installed, never run. */
#include "process/skeleton.h"

int ROLE_RUN(struct heritage *heritage);

int main(int argc, char **argv)
{
    static const struct role_row rows[] = { { .name = ROLE_NAME, .run = ROLE_RUN }, { 0 } };
    return skeleton_is_role(argc, argv) ? skeleton_main(rows, argv) : 2;
}
