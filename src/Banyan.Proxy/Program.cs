using Banyan.Proxy;
using Banyan.Proxy.Options;

var commandLine = CommandLine.Parse(args, Environment.GetEnvironmentVariable);
if (commandLine.Options is null)
{
    (commandLine.ExitCode == 0 ? Console.Out : Console.Error).Write(commandLine.Output);
    return commandLine.ExitCode;
}

return ProxyHost.Run(commandLine.Options);
