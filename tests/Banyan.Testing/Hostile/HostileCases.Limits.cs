namespace Banyan.Testing.Hostile;

public static partial class HostileCases
{
    /// <summary>Bytes of a head, see semantics of the limits: 64 KiB and 100 fields.</summary>
    public const int MaxHeadBytes = 64 * 1024;

    /// <summary>Field lines of a head.</summary>
    public const int MaxFields = 100;

    private static void Limits(List<HostileCase> cases)
    {
        const string Start = $"GET / HTTP/1.1\r\nHost: {Host}\r\n";
        const string Answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n";
        new Rule(cases, "HeadTooLong", "a head of more than 64 KiB is refused")
            .Request("method", new string('G', MaxHeadBytes + 1))
            .Request("target", $"GET /{new string('a', MaxHeadBytes)} HTTP/1.1\r\n{AfterLine}")
            .Request("name", Start + new string('a', MaxHeadBytes))
            .Request("value", $"{Start}X: {new string('a', MaxHeadBytes)}\r\n\r\n")
            .Request("one byte over", Padded(Start, MaxHeadBytes + 1))
            .Request("end missing at the limit", Padded(Start, MaxHeadBytes + 2)[..MaxHeadBytes])
            .Request("fault behind the limit", Padded(Start, MaxHeadBytes + 6)[..^4] + "\0\r\n\r\n")
            .Response("value", $"{Answer}X: {new string('a', MaxHeadBytes)}\r\n\r\nok")
            .Response("one byte over", Padded(Answer, MaxHeadBytes + 1) + "ok")
            .Response("reason phrase", $"HTTP/1.1 200 {new string('a', MaxHeadBytes)}");

        new Rule(cases, "TooManyFields", "more than 100 fields are refused")
            .Request("101", Start + Lines(MaxFields) + "\r\n")
            .Request("many", Start + Lines(5000) + "\r\n")
            .Request("bad one behind", $"{Start}{Lines(MaxFields - 1)}bad line\r\n\r\n")
            .Response("101", Answer + Lines(MaxFields) + "\r\nok");

        new Rule(cases, "TrailerTooLong", "a trailer section of more than 64 KiB is refused")
            .Chunked("one field", $"0\r\nx: {new string('a', MaxHeadBytes)}\r\n\r\n")
            .Chunked("one byte over", $"0\r\n{Padded("", MaxHeadBytes + 1)}");

        new Rule(cases, "TooManyTrailers", "more than 100 trailer fields are refused")
            .Chunked("101", $"0\r\n{Lines(MaxFields + 1)}\r\n");

        static string Lines(int count) => string.Concat(Enumerable.Range(0, count).Select(i => $"x{i}: y\r\n"));
    }

    /// <summary>A head of exactly so many bytes that begins like this.</summary>
    private static string Padded(string start, int length) => $"{start}x: {new string('a', length - start.Length - 7)}\r\n\r\n";
}
