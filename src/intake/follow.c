/* Files followed by name. A rotated file is read to its end before the new one is begun; a
 * truncated one is begun again. How far each was stored is kept beside the archive
 * (state_folder/follow.json), so that a restart neither loses nor repeats lines, and a line is
 * read again when its batch was not stored. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/json.h"
#include "base/log.h"
#include "intake/collector.h"
#include "intake/framing.h"

#define READ_PIECE (256u * 1024)
#define PIECES_AT_ONCE 8          /* of one file, then it is the others' turn */
#define STATE_MOST (16u * 1024 * 1024)

struct followed {
    const char *path;
    struct slice source;
    int fd;                       /* -1: not there (yet) */
    ino_t inode;
    uint64_t offset;              /* read so far */
    uint64_t stored;              /* lines before it are committed */
    ino_t stored_inode;
    unsigned round; /* grows when reading begins anew: late news of before is ignored */
    bool again;                   /* a batch was not stored: read from `stored` */
    bool said_missing, said_unknown;
    bool waiting;                 /* unread bytes are left */
    bool cut;                     /* the last record goes on in the next one */
    struct w3c_header header, stored_header; /* in force at offset, at stored */
    char *header_bytes, *stored_header_bytes;
};

/* Where a file stood when this batch was handed on. */
struct followed_end {
    uint32_t file;
    unsigned round;
    ino_t inode;
    uint64_t offset;
    struct w3c_header header;
};

struct follow;

struct follow_batch {
    struct follow *follow;
    bool failed;
    uint32_t count;
    struct followed_end *ends;
};

struct follow {
    struct listener *listener;
    struct collector collector;
    pthread_t thread;
    int wake_fd, notify_fd;
    struct followed *files;
    uint32_t file_count;
    uint32_t reading;             /* whose record is being added */
    uint64_t reading_end;
    char state_path[512];         /* "": no state is kept */
    bool changed;
    int64_t saved;
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

    if (mark)
        mark->ends = arena_array(&batch->arena, follow->file_count, sizeof *mark->ends);
    if (!mark || !mark->ends)
        return; /* its lines are read again after a restart */
    mark->follow = follow;
    batch->owner = mark;
    batch->stored = batch_stored;
    pthread_mutex_lock(&follow->lock);
    follow->outside++;
    pthread_mutex_unlock(&follow->lock);
}

static void batch_took(void *user, struct batch *batch)
{
    struct follow *follow = user;
    struct follow_batch *mark = batch->owner;
    const struct followed *file = &follow->files[follow->reading];
    uint32_t i = 0;

    if (!mark)
        return;
    while (i < mark->count && mark->ends[i].file != follow->reading)
        i++;
    if (i == mark->count)
        mark->ends[mark->count++] = (struct followed_end){ .file = follow->reading };
    struct followed_end *end = &mark->ends[i];
    end->round = file->round;
    end->inode = file->inode;
    end->offset = follow->reading_end;
    if (!w3c_header_equal(&end->header, &file->header))
        end->header = (struct w3c_header){ arena_copy(&batch->arena, file->header.fields),
                                           arena_copy(&batch->arena, file->header.date),
                                           file->header.heard };
}

/* Without the memory it goes on without a header: lines are read by the default sets. */
static void keep_header(const struct w3c_header *from, struct w3c_header *to, char **memory)
{
    if (!w3c_header_equal(from, to) && !w3c_header_copy(from, to, memory))
        *to = (struct w3c_header){ .heard = from->heard };
}

static void settle(struct follow *follow, const struct follow_batch *mark)
{
    for (uint32_t i = 0; i < mark->count; i++) {
        const struct followed_end *end = &mark->ends[i];
        struct followed *file = &follow->files[end->file];
        if (mark->failed && end->round == file->round)
            file->again = true;
        if (mark->failed || file->again)
            continue;
        file->stored = end->offset;
        file->stored_inode = end->inode;
        keep_header(&end->header, &file->stored_header, &file->stored_header_bytes);
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

/* --- the state on disk ------------------------------------------------------------------------ */

static void save_state(struct follow *follow)
{
    BUFFER_AUTO out;
    struct json_writer w;
    struct error e = ERROR_NONE;

    buffer_init(&out, STATE_MOST);
    if (!follow->changed || !follow->state_path[0])
        return;
    json_writer_init(&w, &out);
    json_open_array(&w);
    for (uint32_t i = 0; i < follow->file_count; i++) {
        const struct followed *file = &follow->files[i];
        if (!file->stored_inode)
            continue;
        json_open_object(&w);
        json_text_member(&w, "path", slice_of(file->path));
        json_integer_member(&w, "inode", (int64_t)file->stored_inode);
        json_integer_member(&w, "offset", (int64_t)file->stored);
        if (file->stored_header.heard) {
            json_text_member(&w, "fields", file->stored_header.fields);
            json_text_member(&w, "date", file->stored_header.date);
        }
        json_close_object(&w);
    }
    json_close_array(&w);
    if (file_replace(follow->state_path, buffer_slice(&out), 0640, &e))
        follow->changed = false;
    else
        log_error(&e, "followed files");
    follow->saved = clock_steady();
}

static void load_state(struct follow *follow)
{
    ARENA_AUTO arena;
    struct slice text;
    struct json *json;

    arena_init(&arena, 4 * STATE_MOST);
    if (!follow->state_path[0] || access(follow->state_path, F_OK) != 0)
        return;
    struct error e = ERROR_NONE;
    if (!file_read(follow->state_path, STATE_MOST, &arena, &text, &e) ||
        !json_parse(text, &arena, &json, &e)) {
        log_error(&e, "followed files: begun anew");
        return;
    }
    for (uint32_t i = 0; i < follow->file_count; i++)
        for (uint32_t r = 0; r < json->count; r++) {
            const struct json *row = json_element(json, r);
            if (!slice_is(json_member_text(row, "path"), follow->files[i].path))
                continue;
            follow->files[i].stored_inode = (ino_t)json_integer(json_member(row, "inode"), 0);
            follow->files[i].stored = (uint64_t)json_integer(json_member(row, "offset"), 0);
            struct w3c_header header = { json_member_text(row, "fields"), json_member_text(row, "date"),
                                         json_member(row, "fields") != NULL };
            keep_header(&header, &follow->files[i].stored_header, &follow->files[i].stored_header_bytes);
        }
}

/* --- opening ---------------------------------------------------------------------------------- */

static void begin_at(struct followed *file, int fd, ino_t inode, uint64_t offset)
{
    if (file->fd >= 0)
        close(file->fd);
    file->fd = fd;
    file->inode = inode;
    file->offset = offset;
    file->round++;
    file->waiting = true;
    if (offset)
        keep_header(&file->stored_header, &file->header, &file->header_bytes);
}

/* The file that was read before a restart may have been rotated meanwhile: PATH.1 is its usual
 * name. */
static bool open_rotated(struct followed *file)
{
    char name[520];
    struct stat status;

    snprintf(name, sizeof name, "%s.1", file->path);
    int fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return false;
    if (fstat(fd, &status) != 0 || status.st_ino != file->stored_inode ||
        (uint64_t)status.st_size <= file->stored) {
        close(fd);
        return false;
    }
    begin_at(file, fd, status.st_ino, file->stored);
    return true;
}

static void open_file(struct followed *file, bool from_end)
{
    struct stat status;
    int fd = open(file->path, O_RDONLY | O_CLOEXEC);

    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        if (!file->said_missing)
            log_warning("the followed file %s cannot be read (yet): %s", file->path,
                        fd < 0 ? strerror(errno) : "it is no regular file");
        file->said_missing = true;
        if (fd >= 0)
            close(fd);
        return;
    }
    file->said_missing = false;
    uint64_t size = (uint64_t)status.st_size, offset = from_end ? size : 0;
    if (file->stored_inode && file->stored_inode != status.st_ino && file->round == 0 &&
        open_rotated(file)) {
        close(fd);
        return; /* the new one is next, when this one is read to its end */
    }
    if (file->stored_inode == status.st_ino && file->stored <= size)
        offset = file->stored;
    begin_at(file, fd, status.st_ino, offset);
}

/* --- reading ---------------------------------------------------------------------------------- */

static bool deliver(struct follow *follow, struct followed *file, struct slice line, bool cut,
                    bool first, uint64_t end)
{
    struct record record = {
        .raw = line, .received = clock_now(), .protocol = SLICE("file"), .sender = SLICE(""),
        .flags = cut ? EVENT_CUT : 0, .source = collector_source(&follow->collector, file->source),
        .header = &file->header,
    };
    struct w3c_header header = file->header;

    if ((first || !file->cut) && w3c_header_line(&header, line, first))
        keep_header(&header, &file->header, &file->header_bytes);
    file->cut = cut;

    if (!record.source && !file->said_unknown)
        log_warning("the followed file %s names a source that nobody knows: %.*s", file->path,
                    SLICE_ARGS(file->source));
    file->said_unknown = !record.source;
    follow->reading = (uint32_t)(file - follow->files);
    follow->reading_end = end;
    return collector_add(&follow->collector, &record);
}

/* Whole lines only: what has no end yet stays for the next time, unless it is longer than a line
 * may be, or the file was replaced (`last`). True when there may be more. */
static bool read_piece(struct follow *follow, struct followed *file, bool last)
{
    struct framing_record record;
    size_t at = 0, eaten;
    bool first = file->offset == 0;
    ssize_t n = pread(file->fd, follow->piece, READ_PIECE, (off_t)file->offset);

    if (n <= 0)
        return false;
    struct slice bytes = slice_from(follow->piece, (size_t)n);
    for (;;) {
        struct slice rest = slice_after(bytes, at);
        struct framing framing = { .line = true }; /* never counted octets */
        if (rest.len == 0 || !framing_next(&framing, rest, last, &record, &eaten))
            break;
        at += eaten;
        if (!record.bytes.len)
            continue;
        if (!deliver(follow, file, record.bytes, record.cut, first, file->offset + at))
            return false;
        first = false;
    }
    file->offset += at;
    return at > 0;
}

/* At the end of what was open: is the name another file now, or the file shorter? */
static void look_again(struct follow *follow, struct followed *file)
{
    struct stat named, open_one;

    if (file->fd < 0) {
        open_file(file, !follow->state_path[0] && file->round == 0);
        return;
    }
    if (fstat(file->fd, &open_one) == 0 && (uint64_t)open_one.st_size < file->offset) {
        file->offset = 0;
        file->round++;
        file->waiting = true;
    } else if (stat(file->path, &named) == 0 && named.st_ino != file->inode) {
        int fd = open(file->path, O_RDONLY | O_CLOEXEC);
        while (fd >= 0 && read_piece(follow, file, true))
            ; /* what was written before it was replaced, a last line without end too */
        if (fd >= 0 && fstat(fd, &named) == 0)
            begin_at(file, fd, named.st_ino, 0);
        else if (fd >= 0)
            close(fd);
    }
}

static void read_file(struct follow *follow, struct followed *file)
{
    if (file->again) {
        struct stat status;
        file->again = false;
        if (fstat(file->fd, &status) == 0 && file->stored_inode == status.st_ino)
            file->offset = file->stored;
        else if (file->fd >= 0)
            file->offset = 0;
        keep_header(&file->stored_header, &file->header, &file->header_bytes);
        file->round++;
    }
    file->waiting = false;
    for (int i = 0; i < PIECES_AT_ONCE && file->fd >= 0; i++)
        if (!read_piece(follow, file, false)) {
            look_again(follow, file);
            return;
        }
    if (file->fd < 0)
        look_again(follow, file);
    else
        file->waiting = true;
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
        bool shut = atomic_load(&follow->listener->intake->shut);
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
    for (uint32_t i = 0; i < follow->file_count; i++) {
        struct followed *file = &follow->files[i];
        if (file->fd >= 0)
            close(file->fd);
        free(file->header_bytes);
        free(file->stored_header_bytes);
    }
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
        follow->files[follow->file_count++] = (struct followed){
            .path = options->files[i].path, .source = slice_of(options->files[i].source), .fd = -1
        };
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
