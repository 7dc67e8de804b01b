//go:build linux

package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// slowDisk makes every fsync of the processes that it launches take longer. No kernel
// module, no other file system: a seccomp filter (seccomp_unotify(2)) hands fsync and
// fdatasync to us before the kernel does them, and we wait. So the disk's own work is the
// real one, and so is what was written before.
type slowDisk struct {
	delay   atomic.Int64 // nanoseconds
	syncs   atomic.Int64 // that were delayed
	running sync.WaitGroup
	closed  atomic.Bool
}

// slowArg, as the first argument, makes this program one that filters itself and becomes
// the program that the others name.
const slowArg = "with-a-slow-disk"

// launch starts cmd with the filter.
func (d *slowDisk) launch(cmd *exec.Cmd) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("making a pair of sockets: %w", err)
	}
	defer unix.Close(pair[0])
	theirs := os.NewFile(uintptr(pair[1]), "theirs")
	defer theirs.Close()
	cmd.Args = append([]string{self, slowArg}, cmd.Args...)
	cmd.Path = self
	cmd.ExtraFiles = []*os.File{theirs}
	if err := cmd.Start(); err != nil {
		return err
	}
	theirs.Close() // so that its end is seen here
	listener, err := receiveFile(pair[0])
	if err != nil {
		return errors.Join(fmt.Errorf("filtering its system calls: %w", err), cmd.Process.Kill())
	}
	d.running.Go(func() { d.serve(listener) })
	return nil
}

func receiveFile(socket int) (int, error) {
	buf, control := make([]byte, 1), make([]byte, unix.CmsgSpace(4))
	n, controls, _, _, err := unix.Recvmsg(socket, buf, control, unix.MSG_CMSG_CLOEXEC)
	if err != nil || n == 0 {
		return 0, errors.Join(errors.New("no filter"), err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:controls])
	if err != nil || len(messages) == 0 {
		return 0, errors.Join(errors.New("no filter"), err)
	}
	files, err := unix.ParseUnixRights(&messages[0])
	if err != nil || len(files) == 0 {
		return 0, errors.Join(errors.New("no filter"), err)
	}
	return files[0], nil
}

// becomeSlow filters this process and becomes another program.
func becomeSlow(args []string) error {
	runtime.LockOSThread() // the filter is the thread's, and exec keeps that of the thread that calls it
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("giving up new privileges: %w", err)
	}
	const number = 0 // where struct seccomp_data has the number of the call
	filter := []unix.SockFilter{
		{Code: unix.BPF_LD | unix.BPF_W | unix.BPF_ABS, K: number},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_FSYNC, Jt: 1},
		{Code: unix.BPF_JMP | unix.BPF_JEQ | unix.BPF_K, K: unix.SYS_FDATASYNC, Jf: 1},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_USER_NOTIF},
		{Code: unix.BPF_RET | unix.BPF_K, K: unix.SECCOMP_RET_ALLOW},
	}
	program := unix.SockFprog{Len: uint16(len(filter)), Filter: &filter[0]}
	listener, _, errno := unix.Syscall(unix.SYS_SECCOMP, unix.SECCOMP_SET_MODE_FILTER,
		unix.SECCOMP_FILTER_FLAG_NEW_LISTENER, uintptr(unsafe.Pointer(&program)))
	if errno != 0 {
		return fmt.Errorf("filtering system calls: %w", errno)
	}
	const socket = 3 // the first of ExtraFiles
	if err := unix.Sendmsg(socket, []byte{0}, unix.UnixRights(int(listener)), nil, 0); err != nil {
		return fmt.Errorf("handing over the filter: %w", err)
	}
	unix.CloseOnExec(socket)
	return unix.Exec(args[0], args, os.Environ())
}

// notification is struct seccomp_notif, as far as it is read.
type notification struct {
	id   uint64
	rest [72]byte
}

// response is struct seccomp_notif_resp.
type response struct {
	id    uint64
	val   int64
	error int32
	flags uint32
}

// serve delays what the filter hands over, until the process has ended or d is closed.
func (d *slowDisk) serve(listener int) {
	defer unix.Close(listener)
	var delays sync.WaitGroup
	defer delays.Wait()
	for !d.closed.Load() {
		ready := []unix.PollFd{{Fd: int32(listener), Events: unix.POLLIN}}
		if n, err := unix.Poll(ready, 100); err != nil || n == 0 {
			continue
		}
		if ready[0].Revents&unix.POLLIN == 0 {
			return // the process has ended
		}
		var n notification
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(listener), unix.SECCOMP_IOCTL_NOTIF_RECV, uintptr(unsafe.Pointer(&n))); errno != 0 {
			continue // it was killed meanwhile
		}
		delays.Go(func() {
			if delay := time.Duration(d.delay.Load()); delay > 0 {
				d.syncs.Add(1)
				time.Sleep(delay)
			}
			r := response{id: n.id, flags: unix.SECCOMP_USER_NOTIF_FLAG_CONTINUE}
			_, _, _ = unix.Syscall(unix.SYS_IOCTL, uintptr(listener), unix.SECCOMP_IOCTL_NOTIF_SEND, uintptr(unsafe.Pointer(&r)))
		})
	}
}

// close ends the delays. The processes must have ended: a sync that nobody answers hangs.
func (d *slowDisk) close() {
	d.closed.Store(true)
	d.running.Wait()
}
