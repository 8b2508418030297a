namespace Banyan.Control;

/// <summary>The control plane cannot start; the message says why and what to do, for the user's eyes.</summary>
public sealed class ControlPlaneException : Exception
{
    /// <summary>A failure with its explanation.</summary>
    public ControlPlaneException(string message)
        : base(message)
    {
    }

    /// <summary>A failure with its explanation and cause.</summary>
    public ControlPlaneException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
