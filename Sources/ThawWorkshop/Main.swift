import Glibc
import Workshop

@main
enum Main {
    static func main() { exit(WorkshopProgram.main(Array(CommandLine.arguments.dropFirst()))) }
}
