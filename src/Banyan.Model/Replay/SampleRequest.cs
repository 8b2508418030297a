using System.Globalization;
using System.Text;
using Banyan.Rules;
using Banyan.Wire.Http1;

namespace Banyan.Model;

/// <summary>A request to ask the engine of the sidecars about.</summary>
internal sealed class SampleRequest
{
    private readonly RequestHead _head;
    private readonly byte[] _bytes;
    private readonly byte[] _path;

    private SampleRequest(RequestHead head, byte[] bytes, byte[] path) => (_head, _bytes, _path) = (head, bytes, path);

    public RequestView View => new()
    {
        Head = _head, Bytes = _bytes, Path = _path, Authority = _head.Authority(_bytes), Query = _head.Query(_bytes),
    };

    /// <summary>Null when that is no request.</summary>
    /// <param name="method">Its method.</param>
    /// <param name="path">Canonical, without query.</param>
    /// <param name="host">Whom it asks for.</param>
    public static SampleRequest? Of(string method, string path, string host)
    {
        var bytes = Encoding.Latin1.GetBytes(string.Create(CultureInfo.InvariantCulture, $"{method} {path} HTTP/1.1\r\nhost: {host}\r\n\r\n"));
        var head = new RequestHead();
        return RequestParser.Parse(bytes, head) == ParseStatus.Complete && head.Length == bytes.Length
            ? new SampleRequest(head, bytes, Encoding.Latin1.GetBytes(path))
            : null;
    }
}
