/* Two chips with one identity show themselves by the attempt number in M1, and an honest chip never
   raises the alarm, although the network loses, doubles, delays and reorders, the chip loses its
   power and the centre its sessions. The network is the set of messages ever sent. */
#ifdef FORGED                        /* a second chip: fewer of each, to stay small */
#define A 2                          /* attempts 1..A */
#define N 3                          /* sessions 1..N-1 */
#else
#define A 4
#define N 4
#endif
bit init_[5], m1[25], f1[25];        /* M1 of session s with attempt a: index s*5+a; f1: forged */
byte c_att = 0, c_ram = 0, c_ratt = 0;       /* chip: durable attempt; session in RAM and its M1 */
byte s = 1, acc = 0, last = 0;               /* centre: session, attempt answered in it, last */
bit acc_forged = 0;
bool alarm = false, missed = false;
byte real_max = 0, forged_max = 0;

inline next_session() { s++; acc=0 }

/* An authentic M1 with attempt a, from the forged chip or not, for the present session. */
inline receive(a, forged) {
  if
  :: acc==0 && a>last -> acc=a; last=a; acc_forged=forged
#ifdef NOATTEMPT
  :: acc==0 && a<=last -> acc=a; acc_forged=forged
#else
  :: acc==0 && a<=last -> alarm=true
#endif
  :: acc!=0 && a==acc && acc_forged==forged -> skip            /* the same bytes: the same M2 */
#ifdef NOATTEMPT
  :: acc!=0 && a==acc && acc_forged!=forged -> skip
#else
  :: acc!=0 && a==acc && acc_forged!=forged -> alarm=true      /* other bytes */
#endif
  :: acc!=0 && a>acc -> last=a; if :: s<N -> next_session() :: else fi
#ifdef STRICT
  :: acc!=0 && a<acc -> alarm=true
#else
  :: acc!=0 && a<acc -> skip                                   /* overtaken */
#endif
  fi
}

active proctype Centre() {
  byte a;
  do
  :: atomic { s<N -> init_[s]=1 }
  :: atomic { s<N -> next_session() }                          /* time-out, crash, next order */
  :: atomic { select(a : 1 .. A); s<N && m1[s*5+a] ->
       if :: acc==0 && forged_max>=a && !alarm -> missed=true :: else fi;
       receive(a, 0);
       if :: alarm -> missed=false :: else fi; a=0 }
#ifdef FORGED
  :: atomic { select(a : 1 .. A); s<N && f1[s*5+a] ->
       if :: acc==0 && a>forged_max && a>last -> forged_max=a :: else fi;
       receive(a, 1); a=0 }
#endif
  od
}

active proctype Chip() {
  byte i;
  do
  :: atomic { select(i : 1 .. N-1); init_[i] && i>c_ram && c_att<A ->
#ifdef SENDFIRST                     /* M1 leaves before the attempt is saved */
       m1[i*5+c_att+1]=1; c_ram=i; c_ratt=c_att+1; i=0 }
  :: atomic { c_ram!=0 && c_ratt>c_att -> c_att=c_ratt }
#else
       c_att++; c_ram=i; c_ratt=c_att; i=0 }
  :: atomic { c_ram!=0 -> m1[c_ram*5+c_ratt]=1 }
#endif
  :: atomic { c_ram!=0 -> c_ram=0; c_ratt=0 }                  /* power */
  od
}

#ifdef FORGED
active proctype Forged() {           /* has K1: any session, any attempt, any time */
  byte i, a;
  do
  :: atomic { select(i : 1 .. N-1); select(a : 1 .. A); init_[i] -> f1[i*5+a]=1; i=0; a=0 }
  od
}
#endif
ltl no_alarm { [] !alarm }
/* The genuine chip is never served below an attempt that the forged one was served with. */
ltl none_missed { [] !missed }
ltl vac { [] !(acc==3 && last==3) }
