return await Banyan.Cli.Commands.CommandLine.RunAsync(args);
