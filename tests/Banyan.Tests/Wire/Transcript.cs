using System.Globalization;
using System.Text;
using Banyan.Wire.Http1;

namespace Banyan.Tests.Wire;

/// <summary>Runs the parsers over the bytes of one connection and writes down all they say: two runs are the same when their
/// transcripts are. Compiled once more against parsers with a check taken out, so it uses nothing but their public face.</summary>
public sealed class Transcript
{
    private readonly StringBuilder _text = new();
    private readonly byte[] _bytes;
    private readonly int[] _arrivals;
    private readonly bool _response;
    private readonly RequestMethod _method;
    private readonly bool _brief;
    private int _next;
    private int _start;
    private int _steps;

    private Transcript(byte[] bytes, bool response, string method, int[] arrivals, bool brief)
    {
        // A copy of its own: responses are changed in place, and reading beyond the end has to fail.
        _bytes = bytes.AsSpan().ToArray();
        _response = response;
        _method = method switch
        {
            "HEAD" => RequestMethod.Head,
            "CONNECT" => RequestMethod.Connect,
            _ => RequestMethod.Get,
        };
        _arrivals = arrivals;
        _brief = brief;
    }

    private int Available => _arrivals[_next];

    /// <summary>The transcript of a connection.</summary>
    /// <param name="bytes">What is said on it.</param>
    /// <param name="response">Whether a backend says it.</param>
    /// <param name="method">Of the request that a response answers.</param>
    /// <param name="arrivals">How many bytes have come, rising, each time more are asked for; the last is all of them.</param>
    /// <param name="brief">Only verdicts and reasons, not what the fields mean.</param>
    public static string Of(byte[] bytes, bool response, string method, int[] arrivals, bool brief = false)
    {
        var run = new Transcript(bytes, response, method, arrivals, brief);
        try
        {
            run.Messages();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            run._text.Append("threw ").Append(e.GetType().Name);
        }

        return run._text.ToString();
    }

    private void Messages()
    {
        var request = new RequestHead();
        var response = new ResponseHead();
        while (_start < _bytes.Length)
        {
            MessageHead head = _response ? response : request;
            head.Reset();
            ParseStatus status;
            while ((status = Parse(head)) == ParseStatus.Incomplete)
            {
                if (!More())
                {
                    _text.Append("incomplete");
                    return;
                }
            }

            if (status != ParseStatus.Complete)
            {
                _text.Append(status).Append(' ').Append(head.Reason);
                return;
            }

            Describe(head);
            _start += head.Length;
            if (!Body(head))
            {
                return;
            }
        }
    }

    private ParseStatus Parse(MessageHead head)
    {
        var bytes = _bytes.AsSpan(_start, Available - _start);
        return head is RequestHead request
            ? RequestParser.Parse(bytes, request)
            : ResponseParser.Parse(bytes, _method, (ResponseHead)head);
    }

    private bool More()
    {
        if (_next == _arrivals.Length - 1)
        {
            return false;
        }

        _next++;
        return true;
    }

    /// <summary>Reads the body; false when nothing can follow it.</summary>
    private bool Body(MessageHead head)
    {
        switch (head.Framing)
        {
            case BodyFraming.Length:
                while (Available - _start < head.ContentLength)
                {
                    if (!More())
                    {
                        _text.Append("incomplete body");
                        return false;
                    }
                }

                _start += (int)head.ContentLength;
                return true;
            case BodyFraming.Chunked:
                return Chunks();
            case BodyFraming.UntilClose:
                _start = _bytes.Length;
                return false;
            default:
                return true;
        }
    }

    private bool Chunks()
    {
        var body = default(ChunkedBody);
        var data = new StringBuilder();
        var trailers = new StringBuilder();
        var incomplete = false;
        ChunkStep step;
        while (true)
        {
            var inTrailers = body.InTrailers;
            step = body.Advance(_bytes.AsSpan(_start, Available - _start), out var consumed);
            if (++_steps > (10 * _bytes.Length) + 1000)
            {
                throw new InvalidOperationException("no progress");
            }

            var passed = Encoding.Latin1.GetString(_bytes, _start, consumed);
            (step == ChunkStep.Data ? data : inTrailers ? trailers : new StringBuilder()).Append(passed);
            _start += consumed;
            if (step is ChunkStep.End or ChunkStep.Malformed)
            {
                break;
            }

            if (_start == Available && !More())
            {
                incomplete = true;
                break;
            }
        }

        if (step == ChunkStep.Malformed)
        {
            _text.Append("Malformed ").Append(body.Reason).Append(" at ").Append(_start);
            return false;
        }

        _text.Append("data ").Append(data).Append(" trailers ").Append(trailers).Append(incomplete ? " incomplete body" : "; ");
        return !incomplete;
    }

    private void Describe(MessageHead head)
    {
        var bytes = _bytes.AsSpan(_start, head.Length);
        if (_brief)
        {
            _text.Append("Complete; ");
            return;
        }

        var text = _text;
        if (head is RequestHead request)
        {
            text.Append(CultureInfo.InvariantCulture, $"{request.Method} {Show(request.MethodToken(bytes))} {request.Form} ");
            text.Append(CultureInfo.InvariantCulture, $"target={Show(request.Target(bytes))} path={Show(request.Path(bytes))} ");
            text.Append(CultureInfo.InvariantCulture, $"only={Show(request.PathOnly(bytes))} query={Show(request.Query(bytes))} ");
            text.Append(CultureInfo.InvariantCulture, $"authority={Show(request.Authority(bytes))} host={Show(request.Host(bytes))}:{request.Port} ");
            text.Append(CultureInfo.InvariantCulture, $"close={request.Close} upgrade={request.Upgrade} ");
            text.Append(CultureInfo.InvariantCulture, $"expect={request.ExpectContinue} te={request.TeTrailers} ");
        }
        else if (head is ResponseHead response)
        {
            text.Append(CultureInfo.InvariantCulture, $"{response.StatusCode} {Show(bytes.Slice(response.ReasonStart, response.ReasonLength))} ");
            text.Append(CultureInfo.InvariantCulture, $"close={response.Close} idle={response.KeepAliveTimeout} coded={response.OtherCodings} ");
        }

        text.Append(CultureInfo.InvariantCulture, $"{head.Version} {head.Framing} {head.ContentLength} bytes={head.Length} ");
        foreach (ref readonly var field in head.Lines)
        {
            text.Append('[').Append(Show(field.Name(bytes))).Append('=').Append(Show(field.Value(bytes))).Append(' ').Append(field.Known);
            text.Append(field.ConnectionNamed ? " hop" : "").Append(' ').Append(field.LineStart).Append('-').Append(field.LineEnd).Append(']');
        }

        text.Append("; ");
    }

    private static string Show(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}
