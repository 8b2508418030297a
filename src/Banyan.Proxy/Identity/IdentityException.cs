namespace Banyan.Proxy.Identity;

/// <summary>The proxy must not go on with the identity it was given; the message says what to mend.</summary>
internal sealed class IdentityException(string message) : Exception(message);
