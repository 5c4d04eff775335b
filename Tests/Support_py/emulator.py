"""An emulator of SQS and S3 for a server under test: prints where it listens, and serves on loopback until it is killed."""

import signal

from moto.server import ThreadedMotoServer


def main():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    print("http://%s:%d" % server.get_host_and_port(), flush=True)
    signal.pause()


if __name__ == "__main__":
    main()
