/**
 * The words of the lessons' frame in German.
 *
 * @module
 */

/** @type {Partial<typeof import('./words.en.js').words>} */
export const words = {
  'course.title': 'Redis lernen',
  'course.about':
    'Kurze Lektionen, in jeder gibt es etwas zu tun. Tippe ins Terminal: ' +
    'was du getan hast, wird gleich geprüft.',
  'course.progress': '{done} von {all} Lektionen geschafft',
  'course.go': 'Anfangen',
  'course.goOn': 'Weiter',
  'course.done': 'geschafft',
  'course.failed': 'Die Lektionen lassen sich nicht laden: {why}',
  'chapter.1': 'Zeichenketten und Ablauf',
  'chapter.2': 'Listen, Warteschlangen, Warten',
  'chapter.3': 'Hashes, Mengen, geordnete Mengen',
  'chapter.4': 'Kanäle, Streams, Gruppen',
  'chapter.5': 'Transaktionen und Skripte',
  'chapter.6': 'Speicher, Platte, Kopien, Cluster',
  'lesson.back': 'Alle Lektionen',
  'lesson.place': 'Kapitel {chapter}, Lektion {n}: {title}',
  'lesson.task': 'Deine Aufgabe',
  'lesson.hint': 'Hinweis',
  'lesson.solution': 'Lösung',
  'lesson.again': 'Noch einmal',
  'lesson.begin': 'Anfangen',
  'lesson.clears':
    'Diese Lektion beginnt mit einem eigenen Server: ' +
    'die Schlüssel, die jetzt da sind, gehen verloren.',
  'lesson.starting': 'Der Server wird vorbereitet.',
  'lesson.ready': 'Bereit: der Server hat, womit die Lektion beginnt.',
  'lesson.failed': 'Die Lektion kann nicht beginnen: {why}',
  'lesson.clients': 'Diese Lektion braucht {n} Clients.',
  'lesson.turns': 'In dieser Lektion wird die Uhr gestellt.',
  'lesson.notYet': 'Noch nicht.',
  'lesson.answers': '{command} antwortet',
  'lesson.solved': 'Gelöst.',
  'lesson.home': 'Zum Mitnehmen',
  'lesson.production': 'Im Betrieb',
  'lesson.next': 'Weiter: {title}',
  'lesson.end': 'Das war die letzte Lektion. Das Terminal gehört dir.',
  'solution.run': 'Ausführen',
  'solution.runWhat': 'Für {client} ausführen: {command}',
  'solution.turn': 'Stellen',
  'solution.turnWhat': 'Die Uhr um {time} vorstellen',
  'solution.client': 'Client {client}',
  'console.label': 'Terminal dieser Lektion',
  'console.log': 'Was gesendet und geantwortet wurde',
  'console.input': 'Befehl von Client {client}',
  'console.client': 'Client {client}',
  'console.clients': 'Clients',
  'console.clock': 'Die Uhr',
  'console.second': '+1 s',
  'console.minute': '+1 min',
  'console.tenMinutes': '+10 min',
  'console.stop': 'Nicht mehr warten',
  'console.placeholder': 'Befehl tippen, dann Enter',
};
