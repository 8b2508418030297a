namespace Banyan.Testing.Hostile;

/// <summary>Writes the rows of one rule of the table.</summary>
internal sealed class Rule(List<HostileCase> cases, string reason, string why)
{
    private const string ChunkedHead =
        $"POST /refused HTTP/1.1\r\nHost: {HostileCases.Host}\r\nTransfer-Encoding: chunked\r\n\r\n";

    private const string ChunkedAnswer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

    /// <summary>A whole request.</summary>
    public Rule Request(string position, string text, BackendSees sees = BackendSees.Nothing)
    {
        var status = reason.Length == 0 ? 0 : reason is "HeadTooLong" or "TooManyFields" ? 431 : 400;
        Add("request", position, HostileSide.Request, "", text, status, reason.Length == 0 ? BackendSees.Everything : sees);
        return this;
    }

    /// <summary>A whole response.</summary>
    public Rule Response(string position, string text, string method = "GET")
    {
        Add("response", position, HostileSide.Response, method, text, reason.Length == 0 ? 0 : 502, BackendSees.Everything);
        return this;
    }

    /// <summary>A request with this request line.</summary>
    public Rule RequestLine(string position, string line) =>
        Request(position, $"{line}\r\nHost: {HostileCases.Host}\r\n\r\n");

    /// <summary>A request with these lines after Host.</summary>
    public Rule RequestFields(string position, params string[] lines) =>
        Request(position, $"POST /refused HTTP/1.1\r\nHost: {HostileCases.Host}\r\n{Join(lines)}\r\n");

    /// <summary>A response with these lines and a body of two bytes.</summary>
    public Rule ResponseFields(string position, params string[] lines) =>
        Response(position, $"HTTP/1.1 200 OK\r\n{Join(lines)}\r\nok");

    /// <summary>A line as first, middle and last field of a request.</summary>
    public Rule RequestField(string position, string line)
    {
        const string Start = "GET /refused HTTP/1.1\r\n";
        const string Other = "Accept: */*\r\n";
        const string HostLine = $"Host: {HostileCases.Host}\r\n";
        Request($"{position}, first field", $"{Start}{line}\r\n{HostLine}{Other}\r\n");
        Request($"{position}, middle field", $"{Start}{HostLine}{line}\r\n{Other}\r\n");
        return Request($"{position}, last field", $"{Start}{HostLine}{Other}{line}\r\n\r\n");
    }

    /// <summary>A line as first and last field of a response.</summary>
    public Rule ResponseField(string position, string line)
    {
        Response($"{position}, first field", $"HTTP/1.1 200 OK\r\n{line}\r\nContent-Length: 2\r\n\r\nok");
        return Response($"{position}, last field", $"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{line}\r\n\r\nok");
    }

    /// <summary>The line in every place where a field can stand: requests, responses, trailers.</summary>
    public Rule AnyField(string position, string line) => RequestField(position, line).ResponseField(position, line).Trailer(position, line);

    /// <summary>A chunked body, in a request and in a response.</summary>
    public Rule Chunked(string position, string body)
    {
        Request($"chunked body, {position}", ChunkedHead + body, BackendSees.UnfinishedBody);
        return Response($"chunked body, {position}", ChunkedAnswer + body);
    }

    /// <summary>A line as first and last trailer field.</summary>
    public Rule Trailer(string position, string line)
    {
        Chunked($"{position}, first trailer", $"5\r\nhello\r\n0\r\n{line}\r\nx-sum: 1\r\n\r\n");
        return Chunked($"{position}, last trailer", $"5\r\nhello\r\n0\r\nx-sum: 1\r\n{line}\r\n\r\n");
    }

    private static string Join(string[] lines) => string.Concat(lines.Select(l => l + "\r\n"));

    private void Add(
        string what, string position, HostileSide side, string method, string text, int status, BackendSees sees)
    {
        var name = $"{(reason.Length == 0 ? "valid" : reason)} / {what}, {position}";
        cases.Add(new HostileCase(name, side, method, text, status, reason, why, sees));
    }
}
