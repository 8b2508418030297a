using Banyan.Rules;

namespace Banyan.Model.Text;

/// <summary>Shapes that several kinds use.</summary>
internal static class SharedShapes
{
    public static readonly TextShape AnyText = new();

    public static readonly BooleanShape Boolean = new();

    public static readonly DurationShape Duration = new();

    /// <summary>Not longer than the proxies take.</summary>
    public static readonly OptionalShape<TimeSpan> GatewayDuration = new(new DurationShape(gateway: true) { Max = RouteLimits.Timeout });

    public static readonly IntegerShape Port = new(1, 65535);

    public static readonly IntegerShape PortOrZero = new(0, 65535);

    public static readonly RawShape Raw = new();

    /// <summary>A DNS label; empty is for the field to allow.</summary>
    public static readonly TextShape Label = new() { Check = Names.CheckLabel, Pattern = Names.LabelPattern };

    public static readonly TextShape Subdomain = new() { Check = Names.CheckSubdomain, Pattern = Names.SubdomainPattern };

    public static readonly TextShape RequiredLabel = new() { Check = Names.CheckLabel, Pattern = Names.LabelPattern, MinLength = 1 };

    public static readonly TextShape RequiredText = new() { MinLength = 1 };
}
