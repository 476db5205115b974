/* notify - tells systemd how the service is (sd_notify(3)'s protocol; nothing without NOTIFY_SOCKET). */
#ifndef PROCESS_NOTIFY_H
#define PROCESS_NOTIFY_H

/* "READY=1", "STOPPING=1", "RELOADING=1\nMONOTONIC_USEC=…", "WATCHDOG=1", "STATUS=…". */
void notify(const char *state);

#endif
