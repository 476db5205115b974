/* limit - every ceiling of this room in one list. What outsiders can make us hold is bounded by
 * it. */
#ifndef INTAKE_LIMIT_H
#define INTAKE_LIMIT_H

#define INTAKE_LINE_MOST (64u * 1024)        /* bytes of one record; RFC 5425 asks for 8 KiB. Longer
                                              * ones are cut, and the rest is the next event */
#define INTAKE_OCTETS_DIGITS 7u              /* of a length in octet counting (RFC 6587) */
#define INTAKE_FLUSH_NS (100 * 1000000)      /* a batch waits at most so long for more */
#define INTAKE_CLASSES 16u                   /* retention classes with an open batch, a listener */
#define INTAKE_SENDERS 4096u                 /* addresses, with and without hosts, remembered per listener */
#define INTAKE_HOST_MOST 255u                /* longer ones are looked up each time */
#define INTAKE_PEERS 4096u                   /* connections of one stream listener */
#define INTAKE_PEERS_ADDRESS 2048u           /* … of one address: many may stand behind one */
#define INTAKE_HTTP_PEERS 1024u
#define INTAKE_HTTP_PEERS_ADDRESS 512u
#define INTAKE_PEER_BYTES (64u * 1024)       /* RELP, Lumberjack: held of a peer whatever others hold */
#define INTAKE_PEERS_BYTES (128u * 1024 * 1024) /* … beyond that, of all peers of a listener */
#define INTAKE_COMPLAINTS 20u                /* log lines a minute and listener about its connections */
#define INTAKE_IDLE_SECONDS 86400u           /* may be silent: closing loses the next line */
#define INTAKE_PARTIAL_SECONDS 300u          /* half a record, then nothing */
#define INTAKE_UNACKED 32768u                /* records of one peer that are not stored yet */
#define INTAKE_BODY_MOST (16u * 1024 * 1024) /* of one HTTP request, as sent and inflated */
#define INTAKE_HTTP_LINE_MOST (1024u * 1024) /* of one record in it; longer ones are cut */
#define INTAKE_BODIES_MOST (64u * 1024 * 1024) /* of all requests in hand */
#define INTAKE_BODIES_SOURCE (32u * 1024 * 1024) /* … of one source or relay */
#define INTAKE_BULK_LINES 262144u            /* of one _bulk: its answer has an item for each record */
#define INTAKE_ALERTS_TOLD 1000u             /* in one HTTP answer */
#define INTAKE_ROSTER_SECONDS 15             /* listeners wait so long for the first roster */
#define INTAKE_DESCRIPTORS 16384u            /* asked of the kernel for this process */
#define INTAKE_LOCAL_WRITERS 256u            /* connected to sockets of this machine */
#define INTAKE_FILES 1024u                   /* followed */
#define INTAKE_DATAGRAMS 32u                 /* read at once */

#endif
