using System.Text;
using Banyan.Rules;
using Banyan.Wire.Http1;

namespace Banyan.Tests.Rules;

/// <summary>A request as routes see it, built from text without the parser.</summary>
internal sealed class TestRequest
{
    private readonly RequestHead _head = new();
    private readonly byte[] _bytes;
    private readonly byte[] _authority;
    private readonly byte[] _path;
    private readonly byte[] _query;

    public TestRequest(string target, string method = "GET", string authority = "shop.default:80", params (string Name, string Value)[] fields)
    {
        var question = target.IndexOf('?', StringComparison.Ordinal);
        _path = Encoding.UTF8.GetBytes(question < 0 ? target : target[..question]);
        _query = Encoding.UTF8.GetBytes(question < 0 ? "" : target[(question + 1)..]);
        _authority = Encoding.UTF8.GetBytes(authority);
        var text = new StringBuilder($"{method} {target} HTTP/1.1\r\n");
        _head.MethodLength = method.Length;
        foreach (var (name, value) in fields)
        {
            var start = text.Length;
            text.Append(name).Append(": ").Append(value).Append("\r\n");
            _head.Fields[_head.FieldCount++] = new FieldLine
            {
                LineStart = start,
                LineEnd = text.Length,
                NameLength = name.Length,
                ValueStart = start + name.Length + 2,
                ValueLength = value.Length,
            };
        }

        _bytes = Encoding.Latin1.GetBytes(text.ToString());
    }

    public bool Secure { get; init; }

    public RequestView View => new()
    {
        Head = _head,
        Bytes = _bytes,
        Authority = _authority,
        Path = _path,
        Query = _query,
        Secure = Secure,
    };

    /// <summary>Name of the route that matches, or "-".</summary>
    public string RouteOf(RouteTable table) => table.Match(View)?.Name ?? "-";
}
