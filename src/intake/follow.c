/* Files followed by name, each through its chain of parts (follow.h). A rotated file is read to its end
 * before the new one is begun, and on for a while, since its writer may not know yet; a truncated one is
 * begun again. How far each was stored is kept beside the archive (state_folder/follow.json), so that a
 * restart neither loses nor repeats lines, and a line is read again when its batch was not stored. What
 * cannot be found any more is said in the log and counted at the source as refused. */
#include "intake/follow.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "intake/framing.h"

#define READ_PIECE (256u * 1024)
#define PIECES_AT_ONCE 8          /* of one file, then it is the others' turn */
#define PARTS_MOST 16u            /* of one name that are open */
#define PATIENCE (10 * CLOCK_SECOND)   /* with the writer of a rotated file, when the new one has grown */
#define PATIENCE_MOST CLOCK_HOUR       /* … when it has not */
#define AGAIN_AFTER (CLOCK_SECOND / 2) /* when something was not stored */

/* Where a part stood when this batch was handed on. */
struct follow_end {
    struct follow_end *next;
    struct follow_file *file;
    struct follow_part *part;     /* stays while a batch is outside */
    uint64_t offset;
    struct w3c_header header;
};

struct follow;

struct follow_batch {
    struct follow *follow;
    bool failed;
    struct follow_end *ends;
};

struct follow {
    struct listener *listener;
    struct collector collector;
    pthread_t thread;
    int wake_fd, notify_fd;
    struct follow_file *files;
    uint32_t file_count;
    struct follow_file *reading;  /* whose record is being added, */
    struct follow_part *reading_part;
    uint64_t reading_end;
    char state_path[512];         /* "": no state is kept */
    bool changed;
    int64_t saved, patience;
    int64_t rest_until;           /* nothing is read before, for nothing can be stored */
    char *piece;

    pthread_mutex_t lock;         /* of what follows: shared with the archive's thread */
    struct batch *stored;
    unsigned outside;
};

/* --- what was stored -------------------------------------------------------------------------- */

static void batch_stored(struct batch *batch, const struct error *error)
{
    struct follow_batch *mark = batch->owner;
    struct follow *follow = mark->follow;
    uint64_t one = 1;

    mark->failed = error != NULL;
    listener_settle(follow->collector.listener, batch, error);
    pthread_mutex_lock(&follow->lock);
    struct batch **end = &follow->stored; /* in order */
    while (*end)
        end = &(*end)->next;
    batch->next = NULL;
    *end = batch;
    if (write(follow->wake_fd, &one, sizeof one) < 0)
        log_debug("the follower is awake already");
    pthread_mutex_unlock(&follow->lock);
}

static void batch_begun(void *user, struct batch *batch)
{
    struct follow *follow = user;
    struct follow_batch *mark = arena_zero(&batch->arena, sizeof *mark);

    if (!mark)
        return; /* its lines are read again */
    mark->follow = follow;
    batch->owner = mark;
    batch->stored = batch_stored;
    pthread_mutex_lock(&follow->lock);
    follow->outside++;
    pthread_mutex_unlock(&follow->lock);
}

static struct follow_end *end_of(struct follow *follow, struct batch *batch)
{
    struct follow_batch *mark = batch->owner;
    struct follow_end *end = mark ? mark->ends : NULL;

    while (end && end->part != follow->reading_part)
        end = end->next;
    if (end || !mark || !(end = arena_zero(&batch->arena, sizeof *end)))
        return end;
    end->file = follow->reading;
    end->part = follow->reading_part;
    end->part->outside++;
    end->next = mark->ends;
    mark->ends = end;
    return end;
}

static void batch_took(void *user, struct batch *batch)
{
    struct follow *follow = user;
    const struct w3c_header *header = &follow->reading_part->header;
    struct follow_end *end = end_of(follow, batch);

    if (!end) { /* nobody will tell us of it */
        follow->reading_part->again = true;
        return;
    }
    end->offset = follow->reading_end;
    if (!w3c_header_equal(&end->header, header))
        end->header = (struct w3c_header){ arena_copy(&batch->arena, header->fields),
                                           arena_copy(&batch->arena, header->date), header->heard };
}

/* Of what is read again nothing counts as stored until it was read again: what lies before is missing. */
static void settle(struct follow *follow, const struct follow_batch *mark)
{
    for (const struct follow_end *end = mark->ends; end; end = end->next) {
        struct follow_part *part = end->part;
        part->outside--;
        if (mark->failed) {
            part->again = true;
            follow->rest_until = clock_steady() + AGAIN_AFTER;
        }
        if (part->again)
            continue;
        part->stored = end->offset;
        follow_keep_header(&end->header, &part->stored_header, &part->stored_header_bytes);
        follow->changed = true;
    }
}

static void take_stored(struct follow *follow)
{
    uint64_t count;
    unsigned told = 0;

    if (read(follow->wake_fd, &count, sizeof count) < 0 && errno != EAGAIN)
        log_warning("the follower's wake-up failed");
    pthread_mutex_lock(&follow->lock);
    struct batch *list = follow->stored;
    follow->stored = NULL;
    pthread_mutex_unlock(&follow->lock);
    while (list) {
        struct batch *next = list->next;
        settle(follow, list->owner);
        batch_free(&list);
        list = next;
        told++;
    }
    pthread_mutex_lock(&follow->lock);
    follow->outside -= told;
    pthread_mutex_unlock(&follow->lock);
}

static void save_state(struct follow *follow)
{
    struct error e = ERROR_NONE;

    if (!follow->changed || !follow->state_path[0])
        return;
    if (follow_save(follow->state_path, follow->files, follow->file_count, &e))
        follow->changed = false;
    else
        log_error(&e, "followed files");
    follow->saved = clock_steady();
}

static void load_state(struct follow *follow)
{
    struct error e = ERROR_NONE;

    if (follow->state_path[0] && access(follow->state_path, F_OK) == 0 &&
        !follow_load(follow->state_path, follow->files, follow->file_count, &e))
        log_error(&e, "followed files: begun anew");
}

/* --- which file ------------------------------------------------------------------------------- */

static void tell_loss(struct follow *follow, const struct follow_file *file, const char *what)
{
    log_failure("the followed file %s: %s; lines may be lost", file->path, what);
    listener_refuse(follow->listener, collector_source(&follow->collector, file->source), 1);
}

static void tell_missing(struct follow_file *file, const char *why)
{
    if (!file->said_missing)
        log_warning("the followed file %s cannot be read (yet): %s", file->path, why);
    file->said_missing = true;
}

static void part_is(struct follow_part *part, int fd, const struct stat *status)
{
    if (part->fd >= 0)
        close(part->fd);
    part->fd = fd;
    part->device = status->st_dev;
    part->inode = status->st_ino;
    part->grown = clock_steady();
}

/* The parts known from before the start. While nothing that can be read has the name, it is waited for: its
 * folder may not be mounted yet. */
static bool find_parts(struct follow *follow, struct follow_file *file)
{
    struct stat status;
    struct follow_part *next;

    for (struct follow_part *part = file->parts; part; part = next) {
        next = part->next;
        if (!part->sought)
            continue;
        int fd = follow_find(file, part, &status);
        if (fd >= 0) {
            part_is(part, fd, &status);
            part->sought = part->at_end = false;
            follow_keep_header(&part->stored_header, &part->header, &part->header_bytes);
        } else if (access(file->path, R_OK) != 0) {
            tell_missing(file, strerror(errno));
            return false;
        } else {
            if (!part->at_end)
                tell_loss(follow, file, "the file that was read before is gone, compressed or written anew");
            follow_part_remove(file, part);
            follow->changed = true;
        }
    }
    return true;
}

/* A newer part, when the last one has not the name any more. */
static void go_on(struct follow *follow, struct follow_file *file)
{
    struct follow_part *last = follow_last(file);
    bool torn, from_end = !follow->state_path[0] && !file->begun;
    int64_t now = follow_clock();
    struct stat status;
    const char *why;

    if (stat(file->path, &status) == 0 && follow_is_part(last, &status)) {
        file->seen = now;
        file->away = file->said_missing = false;
        return;
    }
    if (file->part_count >= PARTS_MOST)
        return;
    int fd = follow_next(file, &status, &torn, &why);
    struct follow_part *part = fd < 0 ? NULL : follow_part_add(file);
    if (!part && fd >= 0)
        close(fd);
    if (!part && why)
        tell_missing(file, why);
    if (!part)
        return;
    if (torn && last && file->away)
        tell_loss(follow, file, "it was rotated on and on while nothing was read");
    part_is(part, fd, &status);
    part->offset = part->stored = from_end ? (uint64_t)status.st_size : 0;
    if (last)
        last->grown = part->grown;
    file->waiting = true;
    follow->changed = true;
}

/* Cut to nothing and perhaps written anew: what it held may be in a copy, else it is gone. */
static void check_content(struct follow *follow, struct follow_file *file, struct follow_part *part)
{
    struct stat status;

    if (part->fd < 0 || fstat(part->fd, &status) != 0 || (uint64_t)status.st_size == part->offset ||
        ((uint64_t)status.st_size > part->offset && follow_head_fits(part->fd, &part->head)))
        return;
    int fd = follow_find_copy(file, part, &status);
    bool lost = fd < 0 && !part->at_end;
    part_is(part, fd, fd < 0 ? &(struct stat){ .st_ino = 0 } : &status);
    part->at_end = fd < 0;
    if (lost)
        tell_loss(follow, file, "it was cut before all of it was read");
    follow->changed = true;
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool deliver(struct follow *follow, struct slice line, bool cut, bool first, uint64_t end)
{
    struct follow_file *file = follow->reading;
    struct follow_part *part = follow->reading_part;
    struct record record = {
        .raw = line, .received = clock_now(), .protocol = SLICE("file"), .sender = SLICE(""),
        .flags = cut ? EVENT_CUT : 0, .source = collector_source(&follow->collector, file->source),
        .header = &part->header,
    };
    struct w3c_header header = part->header;

    if ((first || !part->cut) && w3c_header_line(&header, line, first))
        follow_keep_header(&header, &part->header, &part->header_bytes);
    part->cut = cut;

    if (!record.source && !file->said_unknown)
        log_warning("the followed file %s names a source that nobody knows: %.*s", file->path,
                    SLICE_ARGS(file->source));
    file->said_unknown = !record.source;
    follow->reading_end = end;
    return collector_add(&follow->collector, &record);
}

/* Whole lines only: what has no end yet stays for the next time, unless it is longer than a line
 * may be, or no more will come (`last`). True when there may be more. */
static bool read_piece(struct follow *follow, struct follow_part *part, bool last)
{
    struct framing_record record;
    size_t at = 0, eaten;
    bool first = part->offset == 0;
    ssize_t n = pread(part->fd, follow->piece, READ_PIECE, (off_t)part->offset);

    struct slice bytes = slice_from(follow->piece, n > 0 ? (size_t)n : 0);
    for (;;) {
        struct slice rest = slice_after(bytes, at);
        struct framing framing = { .line = true }; /* never counted octets */
        if (rest.len == 0 || !framing_next(&framing, rest, last, &record, &eaten))
            break;
        at += eaten;
        if (!record.bytes.len)
            continue;
        if (!deliver(follow, record.bytes, record.cut, first, part->offset + at))
            return false;
        first = false;
    }
    part->offset += at;
    part->at_end = at == 0;
    if (at && part->head.len < FOLLOW_HEAD_MOST)
        follow_head_take(part->fd, part->offset, &part->head);
    return at > 0;
}

/* False: its turn comes later. */
static bool rewind_part(struct follow *follow, struct follow_file *file, struct follow_part *part)
{
    if (!part->again)
        return true;
    if (part->outside)
        return false;
    part->again = part->given_up = false;
    part->offset = part->stored;
    part->grown = clock_steady();
    follow_keep_header(&part->stored_header, &part->header, &part->header_bytes);
    if (part->fd < 0)
        tell_loss(follow, file, "it was cut before all of it was stored");
    return true;
}

/* Is the writer of an old part surely gone? Then its last line has no more to come. */
static void give_up(struct follow *follow, struct follow_part *part)
{
    bool grew = false;

    for (const struct follow_part *newer = part->next; newer; newer = newer->next)
        grew = grew || newer->offset > 0;
    int64_t quiet = clock_steady() - part->grown;
    if (!part->next || !part->at_end || part->given_up ||
        (part->fd >= 0 && quiet < (grew ? follow->patience : PATIENCE_MOST)))
        return;
    while (part->fd >= 0 && read_piece(follow, part, true))
        ;
    part->given_up = true;
}

static void read_file(struct follow *follow, struct follow_file *file)
{
    struct follow_part *next;

    file->waiting = false;
    if (!find_parts(follow, file))
        return;
    for (struct follow_part *part = file->parts; part; part = next) {
        next = part->next;
        follow->reading = file;
        follow->reading_part = part;
        check_content(follow, file, part);
        if (!rewind_part(follow, file, part))
            return;
        for (int i = 0; i < PIECES_AT_ONCE && part->fd >= 0 && read_piece(follow, part, false); i++)
            part->grown = clock_steady();
        if (!part->at_end) { /* the newer ones come after it */
            file->waiting = true;
            return;
        }
        give_up(follow, part);
        if (part->given_up && !part->outside && !part->again) {
            follow_part_remove(file, part);
            follow->changed = true;
        }
    }
    go_on(follow, file);
}

/* What happens to files meanwhile is not seen. */
static void look_away(struct follow *follow)
{
    for (uint32_t i = 0; i < follow->file_count; i++) {
        follow->files[i].away = true;
        for (struct follow_part *part = follow->files[i].parts; part; part = part->next)
            part->at_end = part->at_end && part->fd < 0;
    }
}

/* --- the thread ------------------------------------------------------------------------------- */

static void *follow_run(void *user)
{
    struct follow *follow = user;
    struct pollfd ready[2] = { { follow->wake_fd, POLLIN, 0 }, { follow->notify_fd, POLLIN, 0 } };
    char news[4096];

    roster_wait(follow->listener->intake);
    while (!atomic_load(&follow->listener->intake->stopping)) {
        bool waiting = false;
        bool shut = atomic_load(&follow->listener->intake->shut) || clock_steady() < follow->rest_until;
        if (shut)
            look_away(follow);
        for (uint32_t i = 0; !shut && i < follow->file_count; i++) {
            read_file(follow, &follow->files[i]);
            waiting = waiting || follow->files[i].waiting;
        }
        int wait = collector_flush(&follow->collector);
        poll(ready, 2, waiting ? 0 : wait < 0 || wait > 1000 ? 1000 : wait);
        while (read(follow->notify_fd, news, sizeof news) > 0)
            ; /* which file it was does not matter: all are looked at */
        take_stored(follow);
        if (clock_steady() - follow->saved > CLOCK_SECOND)
            save_state(follow);
    }
    collector_end(&follow->collector);
    for (;;) {
        pthread_mutex_lock(&follow->lock);
        unsigned outside = follow->outside;
        pthread_mutex_unlock(&follow->lock);
        if (outside == 0)
            break;
        poll(ready, 1, 100);
        take_stored(follow);
    }
    save_state(follow);
    return NULL;
}

/* Folders are watched, since files come and go in them. */
static void watch_folders(struct follow *follow)
{
    char folder[512];

    for (uint32_t i = 0; i < follow->file_count; i++) {
        const char *slash = strrchr(follow->files[i].path, '/');
        snprintf(folder, sizeof folder, "%.*s", slash ? (int)(slash - follow->files[i].path) : 1,
                 slash ? follow->files[i].path : ".");
        inotify_add_watch(follow->notify_fd, folder[0] ? folder : "/",
                          IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM);
    }
}

static void follow_free(struct follow *follow)
{
    for (uint32_t i = 0; i < follow->file_count; i++)
        while (follow->files[i].parts)
            follow_part_remove(&follow->files[i], follow->files[i].parts);
    if (follow->wake_fd >= 0)
        close(follow->wake_fd);
    if (follow->notify_fd >= 0)
        close(follow->notify_fd);
    pthread_mutex_destroy(&follow->lock);
    free(follow->piece);
    free(follow->files);
    free(follow);
}

bool follow_start(struct listener *listener, int fd, struct error *e)
{
    const struct intake_options *options = &listener->intake->options;
    struct follow *follow = calloc(1, sizeof *follow);

    (void)fd;
    if (!follow)
        return error_set(e, "not enough memory for a listener");
    follow->listener = listener;
    follow->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    follow->notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    follow->piece = malloc(READ_PIECE);
    follow->files = calloc(options->file_count, sizeof *follow->files);
    pthread_mutex_init(&follow->lock, NULL);
    if (!follow->piece || !follow->files || options->file_count > INTAKE_FILES) {
        follow_free(follow);
        return error_set(e, "there are more followed files than %u, or no memory", INTAKE_FILES);
    }
    for (size_t i = 0; i < options->file_count; i++)
        follow->files[follow->file_count++] = (struct follow_file){
            .path = options->files[i].path, .source = slice_of(options->files[i].source)
        };
    follow->patience = options->file_patience ? options->file_patience : PATIENCE;
    if (options->state_folder)
        snprintf(follow->state_path, sizeof follow->state_path, "%s/follow.json",
                 options->state_folder);
    load_state(follow);
    watch_folders(follow);
    collector_init(&follow->collector, listener);
    follow->collector.user = follow;
    follow->collector.begun = batch_begun;
    follow->collector.took = batch_took;
    if (follow->wake_fd < 0 || pthread_create(&follow->thread, NULL, follow_run, follow) != 0) {
        follow_free(follow);
        return error_set(e, "a listener's thread does not start");
    }
    listener->own = follow;
    return true;
}

void follow_stop(struct listener *listener)
{
    struct follow *follow = listener->own;
    uint64_t one = 1;

    if (write(follow->wake_fd, &one, sizeof one) < 0)
        log_debug("the follower is awake already");
    pthread_join(follow->thread, NULL);
    follow_free(follow);
    listener->own = NULL;
}
