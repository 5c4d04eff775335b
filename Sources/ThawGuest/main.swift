import CGuestBoot
import Glibc

// Keeps the constructor that mounts /proc: without it this program aborts before it gets here.
cguestboot_link()

if getpid() == 1 {
    Guest.runAsFirstProcess()
} else {
    exit(Guest.runOnHost(Array(CommandLine.arguments.dropFirst())))
}
