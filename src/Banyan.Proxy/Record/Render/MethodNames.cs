using Banyan.Wire.Http1;

namespace Banyan.Proxy.Record.Render;

/// <summary>Methods as OpenTelemetry writes them: unknown ones are one value.</summary>
internal static class MethodNames
{
    public static string Of(RequestMethod method) => method switch
    {
        RequestMethod.Get => "GET",
        RequestMethod.Head => "HEAD",
        RequestMethod.Post => "POST",
        RequestMethod.Put => "PUT",
        RequestMethod.Delete => "DELETE",
        RequestMethod.Patch => "PATCH",
        RequestMethod.Options => "OPTIONS",
        RequestMethod.Trace => "TRACE",
        RequestMethod.Connect => "CONNECT",
        _ => "_OTHER",
    };
}
