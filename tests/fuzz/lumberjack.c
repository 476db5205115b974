/* Lumberjack frames, dealt out in steps. */
#include "stream_stub.h"

#include "intake/lumberjack.c"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    return stub_run(&lumberjack, data, size);
}
