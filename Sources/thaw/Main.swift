import ArgumentParser
import ThawCommand

@main
enum Main {
    static func main() async { await Thaw.main() }
}
