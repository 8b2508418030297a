namespace Banyan.Wire.Http1;

/// <summary>Recognises registered methods; they are case-sensitive (RFC 9110 §9.1).</summary>
internal static class Methods
{
    public static RequestMethod Recognise(ReadOnlySpan<byte> token) => token.Length switch
    {
        3 => token.SequenceEqual("GET"u8) ? RequestMethod.Get
            : token.SequenceEqual("PUT"u8) ? RequestMethod.Put
            : RequestMethod.Other,
        4 => token.SequenceEqual("POST"u8) ? RequestMethod.Post
            : token.SequenceEqual("HEAD"u8) ? RequestMethod.Head
            : RequestMethod.Other,
        5 => token.SequenceEqual("PATCH"u8) ? RequestMethod.Patch
            : token.SequenceEqual("TRACE"u8) ? RequestMethod.Trace
            : RequestMethod.Other,
        6 => token.SequenceEqual("DELETE"u8) ? RequestMethod.Delete : RequestMethod.Other,
        7 => token.SequenceEqual("OPTIONS"u8) ? RequestMethod.Options
            : token.SequenceEqual("CONNECT"u8) ? RequestMethod.Connect
            : RequestMethod.Other,
        _ => RequestMethod.Other,
    };
}
