import ArgumentParser
import thaw

@main
enum Main {
    static func main() async { await Thaw.main() }
}
