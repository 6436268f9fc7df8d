// epoll, eventfd, timerfd and mallopt are missing from Swift's Glibc module, and the flag constants of
// <sys/epoll.h> are imported partly as enums; these names give them one type.
#ifndef MUSTER_CEPOLL_SHIM_H
#define MUSTER_CEPOLL_SHIM_H
#ifdef __linux__
#include <malloc.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/timerfd.h>

// C spells these as an enum whose constants Swift gives three different types.
static const uint32_t muster_epoll_in = EPOLLIN;
static const uint32_t muster_epoll_out = EPOLLOUT;
static const uint32_t muster_epoll_error = EPOLLERR;
static const uint32_t muster_epoll_hang_up = EPOLLHUP;
static const int32_t muster_epoll_cloexec = EPOLL_CLOEXEC;
static const int32_t muster_timerfd_flags = TFD_CLOEXEC | TFD_NONBLOCK;
static const int32_t muster_timerfd_absolute = TFD_TIMER_ABSTIME;
static const int32_t muster_eventfd_flags = EFD_CLOEXEC | EFD_NONBLOCK;

// glibc shows it to _GNU_SOURCE only, which Swift's Glibc module does not define.
int accept4(int socket, struct sockaddr *address, socklen_t *length, int flags);
#endif
#endif
