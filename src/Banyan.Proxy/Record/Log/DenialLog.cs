using System.Text;
using Banyan.Proxy.Http;

namespace Banyan.Proxy.Record;

/// <summary>Tells of calls that a policy denied, or would have, and of tokens that are not accepted. At most so many lines a second: callers decide how many there are.</summary>
/// <remarks>One for each reactor, used from its thread alone.</remarks>
internal sealed class DenialLog(ProxyLog log)
{
    /// <summary>Lines a second; what is more is counted and told with the next line.</summary>
    internal const int MostPerSecond = 20;

    /// <summary>Bytes of a path that are told.</summary>
    private const int LongestPath = 512;

    private long _second;
    private int _lines;
    private long _untold;

    /// <summary>Writes a line.</summary>
    /// <param name="x">The exchange; its query, its fields and its body are nobody's business.</param>
    /// <param name="name">Name of the event.</param>
    /// <param name="policy">Name of the policy.</param>
    /// <param name="reason">Why, in one word.</param>
    /// <param name="isHttp">There is a request.</param>
    internal void Write(Exchange x, string name, string policy, string reason, bool isHttp)
    {
        if (!log.IsOn(LogLevel.Info))
        {
            return;
        }

        var second = x.Worker.Loop.NowMs / 1_000;
        if (second != _second)
        {
            _second = second;
            _lines = 0;
        }

        if (_lines++ >= MostPerSecond)
        {
            _untold++;
            return;
        }

        var bytes = isHttp ? x.RequestBytes : default;
        var path = isHttp ? x.Path(bytes) : default;
        log.Write(
            LogLevel.Info,
            name,
            name switch
            {
                "authorization-denied" => "a policy denies the call",
                "token-refused" => "the token of a request is not accepted",
                _ => "a policy in audit mode would deny the call",
            },
            new("policy", policy),
            new("reason", reason),
            new("caller", Encoding.ASCII.GetString(x.Client.Identity)),
            new("listener", x.Listener.Name),
            new("method", isHttp ? Encoding.Latin1.GetString(x.Request.MethodToken(bytes)) : ""),
            new("path", Encoding.Latin1.GetString(path[..Math.Min(path.Length, LongestPath)])),
            new("untold", _untold));
        _untold = 0;
    }
}
