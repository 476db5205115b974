/* The supervisor by itself, with no role to start: linked with its own rooms only, as alone.c. */
#include "serve/roles.h"
#include "serve/supervisor.h"

const struct role_row serve_roles[] = { { 0 } };

int main(int argc, char **argv)
{
    struct error e = ERROR_NONE;
    return argc == 2 ? supervisor_run(argv[1], &e) : 2;
}
